// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tiers 1 and 2: when a call that sends much began, which is otherwise seen when it ends. On
 * sockets that have been seen before: connect and establishment count.
 */
#include "lib/maps.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define LARGE_SEND (128u << 10) /* bytes: less than that takes a few dozen microseconds */

static __always_inline void sending__begin(struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);

	if (state && !state->sending_ns)
		state->sending_ns = bpf_ktime_get_ns();
}

/* Linux 6.16: for each segment that a send fills, the first time before anything was copied. */
SEC("tp_btf/tcp_sendmsg_locked")
int BPF_PROG(sending_begin, struct sock *sk, struct msghdr *msg)
{
	if (msg->msg_iter.count >= LARGE_SEND)
		sending__begin(sk);
	return 0;
}

/* Elsewhere: a send waits for room in the socket's buffer. */
SEC("fentry/sk_stream_wait_memory")
int BPF_PROG(sending_waits, struct sock *sk, long *timeout)
{
	long left = 0;

	if (!bpf_probe_read_kernel(&left, sizeof(left), timeout) && left)
		sending__begin(sk);
	return 0;
}
