/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The life of a TCP connection, whichever tier keeps its state: connect, establishment, end. */
#pragma once

#include "counted.h"
#include "socket.h"

/* What a change of TCP state means to us: enum spanwire_connection_what. */
static __always_inline __u32 life__change(int old, int new)
{
	switch (new) {
	case TCP_SYN_SENT:
		return SPANWIRE_CONN_CONNECT;
	case TCP_ESTABLISHED:
		return old == TCP_SYN_RECV ? SPANWIRE_CONN_OPEN : SPANWIRE_CONN_NONE;
	case TCP_FIN_WAIT1:
	case TCP_LAST_ACK:
		return SPANWIRE_CONN_LOCAL_FIN;
	case TCP_CLOSE_WAIT:
		return SPANWIRE_CONN_PEER_FIN;
	case TCP_CLOSE:
		return SPANWIRE_CONN_CLOSED;
	}
	return SPANWIRE_CONN_NONE;
}

/* connect() was called, by the task that runs. */
static __always_inline int life__connect(void *sk, struct socket_state *state)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct caller caller = {.pid = id >> 32, .tid = (__u32)id};

	if (!state || state->mode == SPANWIRE_POLICY_IGNORE)
		return 0;
	state->change = SPANWIRE_CONN_CONNECT;
	state->role = SPANWIRE_ROLE_CLIENT;
	state->flags |= STATE_HANDSHAKE;
	state->opened_ns = bpf_ktime_get_ns();
	if (process__is_own(caller.pid))
		state->flags |= STATE_SELF;
	else if (!process__arrived(caller.pid))
		return 0;
	connection__report(sk, state, SPANWIRE_CONN_CONNECT, &caller);
	return 0;
}

/* The handshake that a peer began is done. */
static __always_inline int life__established(struct socket_state *state)
{
	if (!state)
		return 0;
	state->change = SPANWIRE_CONN_OPEN;
	state->role = SPANWIRE_ROLE_SERVER;
	state->flags |= STATE_HANDSHAKE;
	state->opened_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int life__end(void *sk, struct socket_state *state, __u32 what)
{
	struct caller nobody = {};

	if (!state || state->mode == SPANWIRE_POLICY_IGNORE)
		return 0;
	state->change = what;
	/* A connection that user space never heard of ends unheard, unless it failed to connect. */
	if (!(state->flags & STATE_OPEN_SENT) && state->role != SPANWIRE_ROLE_CLIENT)
		return 0;
	state__report_counted(state);
	connection__report(sk, state, what, &nobody);
	return 0;
}
