// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tier 2: exits of the protocols' send and receive functions, where fentry is allowed (Linux 6.1).
 */
#include "lib/understudy.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct page;

/* Three programs of one function: the lead and its understudies. The parameters name `ret`. */
#define SEND_HOOK(name, function, sk, ...)                                                         \
	SEC("fexit/" #function)                                                                    \
	int BPF_PROG(sock_fexit_##name, __VA_ARGS__)                                               \
	{                                                                                          \
		return trusted__transfer(sk, ret, 0, SPANWIRE_TRANSMIT);                           \
	}                                                                                          \
	SEC("fexit/" #function)                                                                    \
	int BPF_PROG(understudy_fexit_##name, __VA_ARGS__)                                         \
	{                                                                                          \
		return understudy__transfer(sk, ret, 0, SPANWIRE_TRANSMIT, UNDERSTUDY_NEXT);       \
	}                                                                                          \
	SEC("fexit/" #function)                                                                    \
	int BPF_PROG(understudy_fexit_##name##_last, __VA_ARGS__)                                  \
	{                                                                                          \
		return understudy__transfer(sk, ret, 0, SPANWIRE_TRANSMIT, UNDERSTUDY_LAST);       \
	}

/* The parameters end with `flags`: Linux 7 has no addr_len between it and the result. */
#define RECEIVE_HOOK(name, function, sk, ...)                                                      \
	SEC("fexit/" #function)                                                                    \
	int BPF_PROG(sock_fexit_##name, __VA_ARGS__)                                               \
	{                                                                                          \
		return trusted__transfer(sk, fexit__result(ctx), flags, SPANWIRE_RECEIVE);         \
	}                                                                                          \
	SEC("fexit/" #function)                                                                    \
	int BPF_PROG(understudy_fexit_##name, __VA_ARGS__)                                         \
	{                                                                                          \
		return understudy__transfer(sk, fexit__result(ctx), flags, SPANWIRE_RECEIVE,       \
					    UNDERSTUDY_NEXT);                                      \
	}                                                                                          \
	SEC("fexit/" #function)                                                                    \
	int BPF_PROG(understudy_fexit_##name##_last, __VA_ARGS__)                                  \
	{                                                                                          \
		return understudy__transfer(sk, fexit__result(ctx), flags, SPANWIRE_RECEIVE,       \
					    UNDERSTUDY_LAST);                                      \
	}

static __always_inline int fexit__result(void *ctx)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	return ret;
}

SEND_HOOK(tcp_send, tcp_sendmsg, sk, struct sock *sk, struct msghdr *msg, unsigned long size,
	  int ret)
RECEIVE_HOOK(tcp_recv, tcp_recvmsg, sk, struct sock *sk, struct msghdr *msg, unsigned long len,
	     int flags)
SEND_HOOK(unix_send, unix_stream_sendmsg, socket->sk, struct socket *socket, struct msghdr *msg,
	  unsigned long len, int ret)
RECEIVE_HOOK(unix_recv, unix_stream_recvmsg, socket->sk, struct socket *socket, struct msghdr *msg,
	     unsigned long size, int flags)

/* sendfile and splice, until Linux 6.4 */
SEND_HOOK(tcp_sendpage, tcp_sendpage, sk, struct sock *sk, struct page *page, int offset,
	  unsigned long size, int flags, int ret)
SEND_HOOK(unix_sendpage, unix_stream_sendpage, socket->sk, struct socket *socket, struct page *page,
	  int offset, unsigned long size, int flags, int ret)

SEND_HOOK(udp_send, udp_sendmsg, sk, struct sock *sk, struct msghdr *msg, unsigned long len,
	  int ret)
RECEIVE_HOOK(udp_recv, udp_recvmsg, sk, struct sock *sk, struct msghdr *msg, unsigned long len,
	     int flags)
SEND_HOOK(udpv6_send, udpv6_sendmsg, sk, struct sock *sk, struct msghdr *msg, unsigned long len,
	  int ret)
RECEIVE_HOOK(udpv6_recv, udpv6_recvmsg, sk, struct sock *sk, struct msghdr *msg, unsigned long len,
	     int flags)
