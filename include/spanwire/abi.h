/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/*
 * The records that the BPF programs write to the ring buffer and the maps that both halves share.
 *
 * Rules: fixed-width types, natural alignment, explicit padding, enums grow at the end only. Every
 * record begins with struct spanwire_header; `size` covers header, fixed part and payload. A change
 * of layout raises SPANWIRE_ABI_VERSION; tests/abi compares the BTF of the BPF object with what C++
 * sees.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. Ports are in host order. Addresses are network order; IPv4
 * uses the first four bytes.
 */
#pragma once

#include <linux/types.h>

#define SPANWIRE_ABI_VERSION 2
#define SPANWIRE_ABI_OLDEST 1 /* whose records still mean the same: recordings of it are read */

#define SPANWIRE_MAX_PAYLOAD 16384u /* captured bytes of one data record, a power of two */
#define SPANWIRE_MAX_SEGMENTS 1024  /* iovecs looked at in one call: all that the kernel takes */
#define SPANWIRE_UNIX_PATH 108
#define SPANWIRE_ARGS 256
#define SPANWIRE_NAME 64
#define SPANWIRE_COMM 16
#define SPANWIRE_MAX_FILTERS 16
#define SPANWIRE_SCRATCH_SLOTS 4 /* nested or preempted programs on one CPU */

enum spanwire_record_type {
	SPANWIRE_RECORD_NONE = 0,
	SPANWIRE_RECORD_DATA = 1,       /* struct spanwire_data + captured bytes */
	SPANWIRE_RECORD_CONNECTION = 2, /* struct spanwire_connection */
	SPANWIRE_RECORD_PROCESS = 3,    /* struct spanwire_process */
	/* 64 and up are made by user space for recordings and never come from the kernel. */
	SPANWIRE_RECORD_TICK = 64, /* struct spanwire_tick */
	SPANWIRE_RECORD_IDENTITY =
		65, /* header + a resolved process, see capture/identity_codec.h */
};

enum spanwire_direction {
	SPANWIRE_TRANSMIT = 0, /* the traced process sent it */
	SPANWIRE_RECEIVE = 1,
};

enum spanwire_role {
	SPANWIRE_ROLE_UNKNOWN = 0,
	SPANWIRE_ROLE_CLIENT = 1, /* this end connected */
	SPANWIRE_ROLE_SERVER = 2, /* this end accepted */
};

enum spanwire_data_flags {
	SPANWIRE_DATA_TURN_START = 1 << 0, /* first bytes after a change of direction */
	SPANWIRE_DATA_EOF = 1 << 1,   /* receive returned 0: the peer sends no more; length is 0 */
	SPANWIRE_DATA_ERROR = 1 << 2, /* the call failed; `error` says how; length is 0 */
	SPANWIRE_DATA_OOB = 1 << 3,   /* MSG_OOB */
	SPANWIRE_DATA_NO_BUFFER =
		1 << 4, /* bytes never lay in a user buffer we know: sendfile, splice */
	SPANWIRE_DATA_IO_URING = 1 << 5, /* done by io_uring: the buffer is not reachable */
	SPANWIRE_DATA_FAULT = 1 << 6,    /* a user page could not be read */
	SPANWIRE_DATA_SWEEP =
		1 << 7, /* report of bytes counted earlier, see spanwire_data.time_ns */
	SPANWIRE_DATA_TRUNC =
		1 << 8, /* MSG_TRUNC: bytes were discarded, not copied to the caller */
	SPANWIRE_DATA_DATAGRAM = 1 << 9, /* one datagram; offset counts bytes of this direction */
};

enum spanwire_connection_what {
	SPANWIRE_CONN_NONE = 0,
	SPANWIRE_CONN_CONNECT = 1, /* connect() was called: pid, tid, context are the caller's */
	SPANWIRE_CONN_OPEN =
		2, /* first I/O that we saw, full addresses; in the context of that I/O */
	SPANWIRE_CONN_ACCEPT = 3,    /* accept() returned it (where the kernel tells) */
	SPANWIRE_CONN_LOCAL_FIN = 4, /* close() or shutdown(SHUT_WR) here */
	SPANWIRE_CONN_PEER_FIN = 5,
	SPANWIRE_CONN_CLOSED =
		6, /* the end; `error` is the socket's error: 0, ECONNRESET, ETIMEDOUT, ... */
};

enum spanwire_connection_flags {
	SPANWIRE_CONN_JOINED = 1 << 0,  /* older than the agent: earlier bytes were not seen */
	SPANWIRE_CONN_SELF = 1 << 1,    /* belongs to the agent itself */
	SPANWIRE_CONN_NO_TASK = 1 << 2, /* happened in interrupt context: pid, tid, context are 0 */
};

enum spanwire_counter {
	SPANWIRE_COUNT_RECORDS = 0,   /* records attempted */
	SPANWIRE_COUNT_RING_FULL = 1, /* records lost: no room in the ring */
	SPANWIRE_COUNT_NO_SCRATCH =
		2,                   /* records lost: every scratch buffer of the CPU was in use */
	SPANWIRE_COUNT_NO_STATE = 3, /* calls not seen: per-socket state could not be made */
	SPANWIRE_COUNT_HOOK_RUNS = 4,
	SPANWIRE_COUNT_IGNORED = 5, /* calls on sockets that a filter or policy ignores */
	SPANWIRE_COUNT_BYTES = 6,   /* bytes that passed traced sockets */
	SPANWIRE_COUNT_BYTES_CAPTURED = 7,
	SPANWIRE_COUNT_IO_URING = 8, /* calls whose bytes io_uring hid */
	SPANWIRE_COUNT_FAULTS = 9,   /* user memory that could not be read */
	SPANWIRE_COUNT_PEEKS = 10,
	/* Runs that the kernel skipped because the program was already at work on that CPU: user
	 * space fills it in from what the kernel keeps of each program.
	 */
	SPANWIRE_COUNT_SKIPPED = 11,
	SPANWIRE_COUNT_STOOD_IN = 12, /* calls seen by an understudy, see bpf/lib/mark.h */
	SPANWIRE_COUNT_MAX = 16,
};

enum spanwire_policy_mode {
	SPANWIRE_POLICY_BUDGET = 0, /* capture up to rx_bytes / tx_bytes of each turn */
	SPANWIRE_POLICY_COUNT = 1,  /* no payload; counted bytes are reported about once a MiB */
	SPANWIRE_POLICY_IGNORE = 2, /* no records */
};

struct spanwire_header {
	__u16 type;
	__u16 flags;
	__u32 size;
};

/*
 * Bytes passed a socket. One record a call, but calls beyond the turn's budget are only counted:
 * their bytes are reported by the connection's next record (`prior_*`, when the direction changed)
 * or by a record with captured == 0 whose [offset, offset + length) covers all of them.
 */
struct spanwire_data {
	struct spanwire_header header;
	__u64 connection;
	__u64 time_ns;  /* when the call's last byte had been copied */
	__u64 offset;   /* of the first byte, since the connection began */
	__u32 length;   /* bytes that passed */
	__u32 captured; /* bytes that follow this struct, <= length */
	__u32 turn;
	__u32 sequence; /* TCP sequence number of the first byte; 0 for other sockets */
	__u32 pid;
	__u32 tid;
	__u64 context; /* execution context within the thread; 0: the thread itself */
	/* Receive: how long the newest bytes lay in the socket. Transmit: how long before time_ns a
	 * large call put its first byte there. 0 = unknown.
	 */
	__u32 wait_us;
	__u16 error; /* positive errno */
	__u8 direction;
	__u8 reserved;
	__u64 prior_end_ns; /* bytes of the other direction not reported before: time of the last,
			     */
	__u64 prior_offset; /* offset of the first, */
	__u32 prior_length; /* and how many; 0: none */
	__u32 prior_turn;   /* the turn they belong to */
};

struct spanwire_connection {
	struct spanwire_header header;
	__u64 connection;
	__u64 time_ns;
	__u64 opened_ns; /* connect() called or handshake done; 0 = unknown (older than the agent)
			  */
	__u64 context;
	__u32 pid;
	__u32 tid;
	__u64 inode;       /* of the socket */
	__u64 peer_inode;  /* UNIX: of the peer's socket; 0 = unknown */
	__u32 netns;       /* inode of the network namespace */
	__u16 family;      /* AF_INET, AF_INET6, AF_UNIX */
	__u16 socket_type; /* SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
	__u16 local_port;
	__u16 remote_port;
	__u16 error;
	__u8 what;
	__u8 role;
	__u8 local_address[16];
	__u8 remote_address[16];
	char path[SPANWIRE_UNIX_PATH]; /* UNIX: the listener's path; '@' first when abstract */
	__u32 reserved;
};

struct spanwire_process {
	struct spanwire_header header;
	__u64 time_ns;
	__u64 start_ns;     /* CLOCK_BOOTTIME start of the process */
	__u64 cgroup_id;    /* inode of the cgroup v2 directory */
	__u64 args_address; /* where its arguments lie: random, so it tells a reused pid */
	__u32 pid;
	__u32 parent_pid;
	__u32 uid;
	__u32 args_length; /* bytes used in args: NUL-separated arguments */
	char comm[SPANWIRE_COMM];
	char executable[SPANWIRE_NAME];    /* base name of the executable */
	char cgroup[SPANWIRE_NAME * 2];    /* name of the cgroup's directory */
	char cgroup_parent[SPANWIRE_NAME]; /* and of the one above it */
	char args[SPANWIRE_ARGS];
};

struct spanwire_tick {
	struct spanwire_header header;
	__u64 time_ns;
	__u64 wall_ns; /* CLOCK_REALTIME at time_ns */
};

/* Value of the policy map, keyed by connection. Looked at when control.policy_generation moved. */
struct spanwire_policy {
	__u32 rx_bytes; /* captured of a turn */
	__u32 tx_bytes;
	__u32 rx_call_bytes; /* and of one call of it */
	__u32 tx_call_bytes;
	/* A turn of more bytes than this, or of several calls, may hold several requests: the turn
	 * that answers it is captured as a whole.
	 */
	__u32 single_bytes;
	__u32 mode;   /* enum spanwire_policy_mode */
	__u32 reopen; /* a new value makes the kernel send SPANWIRE_CONN_OPEN again */
};

enum spanwire_reader_state {
	SPANWIRE_READER_BUSY = 0,     /* reading: no wake-up */
	SPANWIRE_READER_WAITING = 1,  /* wake at the next record */
	SPANWIRE_READER_BATCHING = 2, /* sleeps for a moment: wake when the ring holds wake_bytes */
};

/* Shared memory, written by user space; a wake-up sets reader_state back to busy. */
struct spanwire_control {
	__u32 reader_state; /* enum spanwire_reader_state */
	__u32 policy_generation;
	__u32 wake_bytes;  /* wake a reader that sleeps for a batch when the ring holds this much */
	__u32 unix_listed; /* UNIX sockets older than the agent are marked: all others are new */
	__u32 worker_pid;  /* the process of ours that talks to the network; 0 = none yet */
	__u32 reserved;
};

/* Constant once the programs are loaded. */
struct spanwire_settings {
	__u32 self_pid;
	__u32 netns;        /* inode of the agent's network namespace */
	__u32 budget;       /* bytes captured of each of a connection's first turns */
	__u32 datagrams;    /* 1: records for UDP */
	__u32 understudies; /* 1: hooks are attached several times over, see bpf/lib/mark.h */
	__u32 port_count;
	__u32 pid_count;
	__u32 comm_count;
	__u16 ports[SPANWIRE_MAX_FILTERS];
	__u32 pids[SPANWIRE_MAX_FILTERS];
	char comms[SPANWIRE_MAX_FILTERS][SPANWIRE_COMM];
};
