/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/*
 * What passes between the two processes of spanwire: the keeper, which holds the privileges, and
 * the worker, which parses what strangers wrote.
 *
 * The door is one SOCK_SEQPACKET pair, one message a packet. The keeper trusts nothing that comes
 * through it: every message has the size that it says, every field a range, every unused byte is
 * zero; a message that breaks a rule ends the worker. There are no pointers, and no string becomes
 * a path. What the keeper sends may carry one or more file descriptors (SCM_RIGHTS), in the order
 * named here.
 *
 *   worker                                keeper
 *   CONFINED                         ->   looks in /proc whether that is true
 *                                    <-   START + ring, control, counters, outputs
 *                                    <-   IDENTITY of the processes that live, after a crash only
 *   STAGE, one a stage; READY        ->
 *   POLICY, SWEEP, DESCRIBE          ->
 *   STAGE, when it has a new reason  ->
 *                                    <-   IDENTITY, REFUSED: answers to DESCRIBE
 *                                    <-   REOPEN + output
 *                                    <-   COUNT
 *   LINKS, one a process; COUNTED    ->
 *   DONE                             ->
 *                                    <-   FINISH; the hooks are gone
 *   (exits)
 */
#pragma once

#include "spanwire/abi.h"

#define SPANWIRE_DOOR_VERSION 1
#define SPANWIRE_DOOR_POLICIES 64 /* in one message */
#define SPANWIRE_DOOR_REASONS 64  /* of one stage */
#define SPANWIRE_DOOR_NAME 32
#define SPANWIRE_DOOR_SERVICE 128
#define SPANWIRE_DOOR_LINK_KINDS 32
#define SPANWIRE_DOOR_LINK_PLACES 1024
#define SPANWIRE_DOOR_STAGES 64
#define SPANWIRE_DOOR_IDENTITY_MAX 131072 /* bytes of one IDENTITY message */

enum spanwire_door_type {
	SPANWIRE_DOOR_NONE = 0,
	/* Worker to keeper. */
	SPANWIRE_DOOR_CONFINED = 1, /* struct spanwire_door_plain: no privilege is left */
	SPANWIRE_DOOR_STAGE = 2,    /* struct spanwire_door_stage: one stage of the loss ledger */
	SPANWIRE_DOOR_READY = 3,    /* struct spanwire_door_plain: all stages are told, reads now */
	SPANWIRE_DOOR_POLICY = 4,   /* struct spanwire_door_policies */
	SPANWIRE_DOOR_SWEEP = 5,    /* struct spanwire_door_plain: report what was only counted */
	SPANWIRE_DOOR_DESCRIBE = 6, /* struct spanwire_door_describe: who is this process? */
	SPANWIRE_DOOR_DONE = 7,     /* struct spanwire_door_plain: wants the run to end */
	SPANWIRE_DOOR_COUNTED = 8,  /* struct spanwire_door_plain: `counted` is there to be read */
	SPANWIRE_DOOR_LINKS = 9,    /* struct spanwire_door_links: one process, for statistics */
	/* Keeper to worker. */
	SPANWIRE_DOOR_START = 64,    /* struct spanwire_door_start */
	SPANWIRE_DOOR_IDENTITY = 65, /* struct spanwire_door_answer + capture/identity_codec.h */
	SPANWIRE_DOOR_REFUSED = 66,  /* struct spanwire_door_answer */
	SPANWIRE_DOOR_REOPEN = 67,   /* struct spanwire_door_plain + the new OTLP file */
	SPANWIRE_DOOR_FINISH = 68,   /* struct spanwire_door_plain: read what is left, and exit */
	SPANWIRE_DOOR_COUNT = 69,    /* struct spanwire_door_plain: fill spanwire_shared.counted */
};

/* The descriptors of START, in this order; which of the optional ones are there. */
enum spanwire_door_outputs {
	SPANWIRE_DOOR_OTLP_FILE = 1 << 0,
	SPANWIRE_DOOR_RECORDING = 1 << 1,
};

struct spanwire_door_plain {
	__u16 type;
	__u16 reserved;
	__u32 size;
};

struct spanwire_door_start {
	struct spanwire_door_plain header;
	__u32 version;
	__u32 tier;
	__u32 outputs;    /* enum spanwire_door_outputs */
	__u32 generation; /* of this worker: 0, 1, ... */
	__u64 ring_bytes;
	__u64 resume; /* position in the ring after the last record that a worker before took */
	__u64 recorded_bytes; /* whole blocks of the recording so far */
};

struct spanwire_door_reason {
	char name[SPANWIRE_DOOR_NAME];
	__u32 counter; /* index into spanwire_shared.counters */
	__u32 reserved;
};

/* Names are [a-z0-9_/-], at least one, ended by a zero byte and zeros to the end of the field. */
struct spanwire_door_stage {
	struct spanwire_door_plain header;
	char name[SPANWIRE_DOOR_NAME];
	char unit[SPANWIRE_DOOR_NAME];
	__u32 in; /* indices into spanwire_shared.counters */
	__u32 out;
	__u32 held;
	__u32 reason_count;
	struct spanwire_door_reason reasons[SPANWIRE_DOOR_REASONS];
};

/* How the parents of one process's spans were found so far. `service` is any UTF-8. */
struct spanwire_door_link {
	char how[SPANWIRE_DOOR_NAME];
	__u64 spans;
};

struct spanwire_door_links {
	struct spanwire_door_plain header;
	__u32 place; /* of this process among all that the worker tells of */
	__u32 pid;
	__u64 disagreements; /* of all processes */
	__u32 count;
	__u32 reserved;
	char service[SPANWIRE_DOOR_SERVICE]; /* ended by a zero byte */
	struct spanwire_door_link links[SPANWIRE_DOOR_LINK_KINDS];
};

struct spanwire_door_policy {
	__u64 connection;
	struct spanwire_policy policy;
	__u32 reserved;
};

struct spanwire_door_policies {
	struct spanwire_door_plain header;
	__u32 count; /* at least 1; so many of `policies` are sent */
	__u32 reserved;
	struct spanwire_door_policy policies[SPANWIRE_DOOR_POLICIES];
};

/* The record as the kernel sent it: pid and start must be ones that the kernel reported. */
struct spanwire_door_describe {
	struct spanwire_door_plain header;
	__u64 question; /* comes back in the answer */
	struct spanwire_process process;
};

struct spanwire_door_answer {
	struct spanwire_door_plain header;
	__u64 question; /* 0: nobody asked */
};

/*
 * Memory that worker and keeper share: the worker counts, the keeper reads, even when the worker is
 * dead. `turn` says which of `taken` holds: the other one is being written. `counted` are the
 * counters of one moment between two batches, when nothing is on its way from stage to stage.
 */
#define SPANWIRE_SHARED_COUNTERS 2044

struct spanwire_taken {
	__u64 records;  /* taken off the ring so far */
	__u64 position; /* in the ring, after the last of them */
};

struct spanwire_shared {
	struct spanwire_taken taken[2];
	__u64 turn;            /* & 1: the one that holds */
	__u64 recorded_bytes;  /* whole blocks of the recording */
	__u64 counted_records; /* taken off the ring at the moment of `counted` */
	__u64 reserved;
	__u64 counters[SPANWIRE_SHARED_COUNTERS];
	__u64 counted[SPANWIRE_SHARED_COUNTERS];
};
