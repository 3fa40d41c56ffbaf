/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel does not run a tracing program on a CPU where that program is at work already. Where
 * hooks can be preempted (tracepoints since Linux 7.0, function exits on any preemptible kernel) a
 * task that is preempted inside a hook therefore hides the calls of all other tasks on its CPU. So
 * each hook is attached several times over there, as programs of their own: the lead does the work,
 * an understudy only when those before it were left out.
 *
 * Which of a call's programs did the work is told by the socket: TCP by its sequence numbers, which
 * state->flow follows; the rest by the number of the thread, put down by the program that did the
 * work and taken away by the last. Only two threads that send on one UNIX socket at the same
 * instant can be mistaken for each other, but then the order of their bytes is not known either.
 */
#pragma once

#include "trusted.h"

/* Whether the bytes of this call are behind what state->flow has seen already. */
static __always_inline bool flow__has_seen(struct socket_state *state, struct sock *sk, int ret,
					   __u32 direction)
{
	struct socket_view view = {};
	struct transfer transfer = {.view = &view, .direction = SPANWIRE_TRANSMIT};
	__s32 ahead;

	view__read(&transfer, sk);
	ahead = view__sequence(&view, direction) - state->flow[direction].end_sequence;
	return ahead < ret;
}

static __always_inline int understudy__transfer(struct sock *sk, int ret, __u32 message_flags,
						__u32 direction, const int place)
{
	struct socket_state *state;
	__u32 thread;

	if (message_flags & (MSG_PEEK | MSG_ERRQUEUE) || (ret < 0 && error__is_ordinary(-ret)))
		return 0;
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (!state && !socket__wanted(sk->__sk_common.skc_family, sk->sk_type))
		return 0;
	thread = (__u32)bpf_get_current_pid_tgid();
	if (state && state->flags & STATE_STARTED) {
		if (state->mode == SPANWIRE_POLICY_IGNORE)
			return 0;
		if (state->flags & STATE_COUNTED && ret > 0) {
			if (flow__has_seen(state, sk, ret, direction))
				return 0;
		} else if (state->served[direction] == thread) {
			if (place == UNDERSTUDY_LAST)
				state->served[direction] = 0;
			return 0;
		}
	}
	count(SPANWIRE_COUNT_STOOD_IN, 1);
	trusted__transfer(sk, ret, message_flags, direction);
	if (place == UNDERSTUDY_LAST) {
		state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
		if (state)
			state->served[direction] = 0;
	}
	return 0;
}
