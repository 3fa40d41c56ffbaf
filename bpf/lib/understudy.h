/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tiers 1 and 2: what mark.h is about, where the hook hands over the sock. */
#pragma once

#include "mark.h"
#include "trusted.h"

/* Whether state->flow has moved past the bytes of this call. */
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

/* Whether a program before this one dealt with the call. */
static __always_inline bool call__served(struct socket_state *state, struct sock *sk, int ret,
					 __u32 direction, const int place)
{
	if (!(state->flags & STATE_STARTED))
		return false;
	if (state->mode == SPANWIRE_POLICY_IGNORE)
		return true;
	if (state->flags & STATE_COUNTED && ret > 0)
		return flow__has_seen(state, sk, ret, direction);
	return mark__served(&state->served[direction], (__u32)bpf_get_current_pid_tgid(), place);
}

static __always_inline int understudy__transfer(struct sock *sk, int ret, __u32 message_flags,
						__u32 direction, const int place)
{
	struct socket_state *state;

	if (message_flags & (MSG_PEEK | MSG_ERRQUEUE) || (ret < 0 && error__is_ordinary(-ret)))
		return 0;
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (state ? call__served(state, sk, ret, direction, place)
		  : !socket__wanted(sk->__sk_common.skc_family, sk->sk_type))
		return 0;
	count(SPANWIRE_COUNT_STOOD_IN, 1);
	trusted__transfer(sk, ret, message_flags, direction);
	state = bpf_sk_storage_get(&socket_states, sk, NULL, 0);
	if (state)
		state->served[direction] = place == UNDERSTUDY_LAST
						   ? 0
						   : (__u32)bpf_get_current_pid_tgid() | MARK_SEEN;
	return 0;
}
