/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps and the settings that all hook families share. */
#pragma once

#include "kernel.h"
#include "spanwire/abi.h"

/* One direction of a socket. Written by the calls of that direction, except reported_offset. */
struct flow {
	__u64 end_offset;      /* bytes that passed so far */
	__u64 reported_offset; /* what a record has told user space of; <= end_offset */
	__u64 end_ns;          /* when the newest bytes passed */
	__u32 end_sequence;    /* TCP: of the byte after the newest */
	__u32 turn;            /* of the newest bytes */
};

struct socket_state {
	__u64 id;
	__u64 opened_ns;
	__u64 inode;         /* tier 3: tells a reused sock address */
	struct flow flow[2]; /* by enum spanwire_direction */
	__u32 turn;
	__u32 budget_left;    /* bytes still captured in this turn */
	__u32 budget[2];      /* by direction, from the policy: of a turn, */
	__u32 call_budget[2]; /* and of one call of it */
	__u32 call_left;      /* of one call of this turn */
	__u32 single_bytes;   /* a turn of more bytes may hold several requests */
	__u32 wide_turns;     /* answering turns that are still captured as a whole */
	__u32 turn_calls;     /* calls of the present turn */
	__u32 turn_bytes;     /* and their bytes */
	__u32 policy_generation;
	__u32 reopen;
	__u32 last_pid; /* process of the newest call: who is described, which filters matched */
	__u32 flags;    /* STATE_* */
	__u8 mode;      /* enum spanwire_policy_mode */
	__u8 role;
	__u8 direction; /* of the present turn */
	__u8 change;    /* enum spanwire_connection_what: the newest that was dealt with */
	__u64 mmsg_vector;
	__u32 mmsg_next;
	__u32 mmsg_length;
	__u64 sending_ns; /* since when a large send has been going on; 0: none */
	__u32 served[2];  /* by direction: a mark, see mark.h */
};

enum {
	STATE_STARTED = 1 << 0, /* positions are set */
	STATE_OPEN_SENT = 1 << 1,
	STATE_EOF_SENT = 1 << 2,
	STATE_PID_HIDDEN = 1 << 3, /* last_pid does not match the filters */
	STATE_JOINED = 1 << 4,
	STATE_SELF = 1 << 5,
	STATE_DATAGRAM = 1 << 6,
	STATE_HANDSHAKE = 1 << 7, /* made at connect or establishment: seen from its first byte */
	STATE_COUNTED = 1 << 8, /* TCP: the socket's sequence numbers say where the stream stands */
};

/* The user memory of one call: one buffer, or a vector of them. */
struct buffers {
	__u64 base;     /* the buffer, or the iovec array; 0: not known */
	__u64 segments; /* 0: one buffer; else the number of iovecs */
	__u64 index;    /* present segment */
	__u64 skip;     /* bytes of it that were taken already */
};

/*
 * Where a record is put together. What the copying loop needs lies here and not on the stack: the
 * verifier follows a loop over memory cheaply, one over its own registers not.
 */
struct scratch {
	__u32 busy;
	__u32 fault; /* user memory could not be read */
	__u32 filled;
	__u32 limit;
	__u32 left;    /* bytes of the call still to be captured */
	__u32 total;   /* and to be told of */
	__u32 records; /* that the call may still send */
	__u32 padding;
	struct buffers buffers;
	struct spanwire_data data;
	/* Twice the payload: the verifier sees offset and size bounded separately. */
	char payload[2 * SPANWIRE_MAX_PAYLOAD];
};

struct process_key {
	__u64 start_ns;
	__u64 exec_id;
};

struct counters {
	__u64 value[SPANWIRE_COUNT_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} ring SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_state);
} socket_states SEC(".maps") __weak;

/* Tier 3 has no socket storage: keyed by the sock's address. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* set by user space when tier 3 is used */
	__type(key, __u64);
	__type(value, struct socket_state);
} socket_table SEC(".maps") __weak;

/* Tier 3 with understudies: the mark of each thread whose system call has been dealt with. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* set by user space when it is used */
	__type(key, __u32);
	__type(value, __u32);
} served_threads SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SPANWIRE_SCRATCH_SLOTS); /* times CPUs, set by user space */
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps") __weak;

/* What user space wants to see of a connection. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct spanwire_policy);
} policies SEC(".maps") __weak;

/* Processes that were described, by pid. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct process_key);
} processes SEC(".maps") __weak;

/* Shared memory with the reader. */
struct spanwire_control control __weak;

const volatile struct spanwire_settings settings __weak = {};

static __always_inline struct counters *counters__mine(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&counters, &key);
}

/* For rare events; what happens at every call adds to a struct counters that it looked up once. */
static __always_inline void count(__u32 which, __u64 amount)
{
	struct counters *mine = counters__mine();

	if (mine && which < SPANWIRE_COUNT_MAX)
		mine->value[which] += amount;
}
