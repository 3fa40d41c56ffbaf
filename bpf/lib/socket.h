/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a socket is: a snapshot for one call, its state, and the records about its life. */
#pragma once

#include "process.h"

/* What one call needs of a sock, however the tier reads it. */
struct socket_view {
	void *sk;
	__u32 sent;     /* TCP: sequence number of the byte after the newest written */
	__u32 received; /* and of the one after the newest read */
	__u32 wait_us;  /* receive: how long the newest bytes lay in the socket; 0 = unknown */
	__u32 took_us;  /* transmit: since when a large call has been going on; 0 = unknown */
	bool receive_shut;
};

static __always_inline __u32 view__sequence(const struct socket_view *view, __u32 direction)
{
	__u32 sent = view->sent, received = view->received;

	barrier_var(
		sent); /* no table lookup on the stack: the verifier refuses computed addresses */
	return direction == SPANWIRE_RECEIVE ? received : sent;
}

static __always_inline bool socket__wanted(__u16 family, __u16 type)
{
	if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
		return false;
	if (type == SOCK_STREAM)
		return true;
	return settings.datagrams && type == SOCK_DGRAM;
}

static __always_inline __u64 sock__inode(void *sk)
{
	return BPF_CORE_READ((struct sock *)sk, sk_socket, file, f_inode, i_ino);
}

static __always_inline bool filter__ports(void *sk)
{
	__u16 local = BPF_CORE_READ((struct sock *)sk, __sk_common.skc_num);
	__u16 remote = bpf_ntohs(BPF_CORE_READ((struct sock *)sk, __sk_common.skc_dport));

	if (!settings.port_count)
		return true;
	for (__u32 i = 0; i < SPANWIRE_MAX_FILTERS; i++) {
		if (i < settings.port_count &&
		    (settings.ports[i] == local || settings.ports[i] == remote))
			return true;
	}
	return false;
}

/* The FINs take a place in the sequence space that is no byte of the stream. */
static __always_inline bool tcp__fin_sent(__u8 state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSING ||
	       state == TCP_LAST_ACK;
}

static __always_inline bool tcp__fin_read(__u32 copied, __u32 next, unsigned long flags)
{
	return copied == next && flags & (1ul << SOCK_DONE);
}

static __always_inline void state__init(struct socket_state *state, void *sk)
{
	state->budget[SPANWIRE_TRANSMIT] = settings.budget;
	state->budget[SPANWIRE_RECEIVE] = settings.budget;
	state->call_budget[SPANWIRE_TRANSMIT] = settings.budget;
	state->call_budget[SPANWIRE_RECEIVE] = settings.budget;
	state->policy_generation = control.policy_generation;
	if (!filter__ports(sk))
		state->mode = SPANWIRE_POLICY_IGNORE;
}

static __always_inline void connection__read_inet(struct spanwire_connection *record,
						  struct sock *sk)
{
	record->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	record->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (record->family == AF_INET) {
		BPF_CORE_READ_INTO((__be32 *)record->local_address, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__be32 *)record->remote_address, sk, __sk_common.skc_daddr);
	} else {
		BPF_CORE_READ_INTO((struct in6_addr *)record->local_address, sk,
				   __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)record->remote_address, sk,
				   __sk_common.skc_v6_daddr);
	}
}

static __always_inline int unix__read_path(char *path, struct unix_sock *u)
{
	struct unix_address *address = BPF_CORE_READ(u, addr);
	__u32 length = address ? BPF_CORE_READ(address, len) : 0;
	const char *name = (const char *)address + bpf_core_field_offset(address->name) + 2;

	if (length <= 2)
		return 0;
	length -= 2;
	if (length > SPANWIRE_UNIX_PATH)
		length = SPANWIRE_UNIX_PATH;
	bpf_probe_read_kernel(path, length, name);
	if (!path[0])
		path[0] = '@';
	return 1;
}

/* An accepted socket shares its listener's address; the socket that connected has none of its own.
 */
static __always_inline void connection__read_unix(struct spanwire_connection *record, void *sk)
{
	struct unix_sock *u = sk;
	struct sock *peer = BPF_CORE_READ(u, peer);
	int mine = unix__read_path(record->path, u);
	int theirs = 0;

	if (!mine && peer)
		theirs = unix__read_path(record->path, (struct unix_sock *)peer);
	if (peer)
		record->peer_inode = sock__inode(peer);
	if (!record->role && (mine || theirs))
		record->role = mine ? SPANWIRE_ROLE_SERVER : SPANWIRE_ROLE_CLIENT;
}

struct caller {
	__u32 pid;
	__u32 tid;
	__u64 context;
};

/* False: the ring was full. */
static __noinline bool connection__report(void *sk, struct socket_state *state, __u32 what,
					  struct caller *caller)
{
	struct spanwire_connection *record = ring__reserve(sizeof(*record));

	if (!record)
		return false;
	__builtin_memset(record, 0, sizeof(*record));
	record->header.type = SPANWIRE_RECORD_CONNECTION;
	record->header.size = sizeof(*record);
	record->connection = state->id;
	record->time_ns = bpf_ktime_get_ns();
	record->opened_ns = state->opened_ns;
	record->what = what;
	record->role = state->role;
	if (caller->pid) {
		record->pid = caller->pid;
		record->tid = caller->tid;
		record->context = caller->context;
	} else {
		record->header.flags |= SPANWIRE_CONN_NO_TASK;
	}
	if (state->flags & STATE_JOINED)
		record->header.flags |= SPANWIRE_CONN_JOINED;
	if (state->flags & STATE_SELF)
		record->header.flags |= SPANWIRE_CONN_SELF;
	record->family = BPF_CORE_READ((struct sock *)sk, __sk_common.skc_family);
	record->socket_type = BPF_CORE_READ((struct sock *)sk, sk_type);
	record->error = BPF_CORE_READ((struct sock *)sk, sk_err);
	record->netns = BPF_CORE_READ((struct sock *)sk, __sk_common.skc_net.net, ns.inum);
	record->inode = sock__inode(sk);
	if (record->family == AF_UNIX)
		connection__read_unix(record, sk);
	else
		connection__read_inet(record, sk);
	ring__submit(record);
	return true;
}
