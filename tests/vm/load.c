// SPDX-License-Identifier: Apache-2.0
// load PORT|SOCKET PATH COUNT: sends COUNT requests over one keep-alive connection to
// 127.0.0.1:PORT or to a UNIX socket, one write and as few reads as needed for each. A fixed amount
// of work, for counting instructions. Prints the nanoseconds that passed and those that this
// process ran, from first to last request.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void Fail(const char* what) {
  perror(what);
  exit(1);
}

static int ConnectUnix(const char* path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) Fail("connect");
  return fd;
}

static int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) Fail("connect");
  return fd;
}

// Bytes of the whole answer once its head is complete in `text`; 0 before that.
static size_t AnswerSize(const char* text) {
  const char* end = strstr(text, "\r\n\r\n");
  const char* length = strstr(text, "Content-Length: ");
  if (end == NULL) return 0;
  if (length == NULL || strncmp(text, "HTTP/1.1 200", 12) != 0) Fail("not the expected answer");
  return (size_t)(end - text) + 4 + strtoul(length + 16, NULL, 10);
}

static void ReadAnswer(int fd) {
  static char buffer[65536];
  size_t size = 0, wanted = 0;
  while (wanted == 0 || size < wanted) {
    const ssize_t got = read(fd, buffer + size, sizeof buffer - 1 - size);
    if (got <= 0) Fail("read");
    size += (size_t)got;
    buffer[size] = '\0';
    if (wanted == 0) wanted = AnswerSize(buffer);
  }
}

static long long Nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  char request[512];
  const int size =
      snprintf(request, sizeof request,
               "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: load\r\n\r\n", argv[2]);
  const int fd = argv[1][0] == '/' ? ConnectUnix(argv[1]) : Connect(atoi(argv[1]));
  const long long passed = Nanoseconds(CLOCK_MONOTONIC);
  const long long ran = Nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int left = atoi(argv[3]); left > 0; --left) {
    if (write(fd, request, (size_t)size) != size) Fail("write");
    ReadAnswer(fd);
  }
  printf("%lld %lld\n", Nanoseconds(CLOCK_MONOTONIC) - passed,
         Nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - ran);
  close(fd);
  return 0;
}
