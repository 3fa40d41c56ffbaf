// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Run once, when the hooks are attached: marks every UNIX socket that there is as older than the
 * agent. A TCP socket tells that itself, by its state changes.
 */
#include "lib/trusted.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("iter/unix")
int listing_unix(struct bpf_iter__unix *ctx)
{
	struct unix_sock *socket = ctx->unix_sk;
	struct socket_state *state;

	if (!socket)
		return 0;
	state = bpf_sk_storage_get(&socket_states, &socket->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state || state->id)
		return 0;
	state->id = bpf_get_socket_cookie(&socket->sk);
	state__init(state, &socket->sk);
	state->flags |= STATE_JOINED;
	return 0;
}
