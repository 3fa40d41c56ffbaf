// SPDX-License-Identifier: Apache-2.0
// capexec UID CAP[,CAP...] COMMAND [ARG...]: what the service manager does for the packaged unit.
// Lifts the limit on locked memory (LimitMEMLOCK=infinity), becomes UID, and starts COMMAND with
// exactly the named capabilities, as ambient ones. Also the bounding set is cut down to them.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct name {
  const char* text;
  int number;
};

static const struct name kNames[] = {
    {"CAP_BPF", CAP_BPF},
    {"CAP_PERFMON", CAP_PERFMON},
    {"CAP_SYS_PTRACE", CAP_SYS_PTRACE},
    {"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH},
    {"CAP_SYS_ADMIN", CAP_SYS_ADMIN},
    {"CAP_SYSLOG", CAP_SYSLOG},
};

static void Require(int ok, const char* what) {
  if (ok) return;
  fprintf(stderr, "capexec: %s: %s\n", what, strerror(errno));
  exit(125);
}

static int NumberOf(const char* text) {
  for (size_t i = 0; i < sizeof(kNames) / sizeof(kNames[0]); ++i) {
    if (strcmp(kNames[i].text, text) == 0) return kNames[i].number;
  }
  fprintf(stderr, "capexec: unknown capability %s\n", text);
  exit(125);
}

static unsigned long long ParseSet(char* list) {
  unsigned long long set = 0;
  for (char* word = strtok(list, ","); word != NULL; word = strtok(NULL, ",")) {
    set |= 1ULL << NumberOf(word);
  }
  return set;
}

static void SetCapabilities(unsigned long long set) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; ++i) {
    data[i].effective = data[i].permitted = data[i].inheritable = (unsigned)(set >> (32 * i));
  }
  Require(syscall(SYS_capset, &header, data) == 0, "capset");
}

static void CutBoundingSet(unsigned long long set) {
  for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; ++cap) {
    if ((set >> cap & 1) != 0) continue;
    Require(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0, "drop from the bounding set");
  }
}

static void RaiseAmbient(unsigned long long set) {
  for (int cap = 0; cap < 64; ++cap) {
    if ((set >> cap & 1) == 0) continue;
    Require(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) == 0, "raise ambient");
  }
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: capexec UID CAP[,CAP...] COMMAND [ARG...]\n");
    return 125;
  }
  const uid_t uid = (uid_t)atoi(argv[1]);
  const unsigned long long set = ParseSet(argv[2]);
  const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  Require(setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0, "RLIMIT_MEMLOCK");
  CutBoundingSet(set);
  Require(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0, "keep capabilities");
  Require(setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0, "set the group");
  Require(setresuid(uid, uid, uid) == 0, "set the user");
  SetCapabilities(set);
  RaiseAmbient(set);
  Require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
  execvp(argv[3], argv + 3);
  fprintf(stderr, "capexec: %s: %s\n", argv[3], strerror(errno));
  return 126;
}
