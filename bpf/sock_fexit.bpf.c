// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tier 2: exits of the protocols' send and receive functions, where fentry is allowed (Linux 6.1).
 */
#include "lib/trusted.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct msghdr;
struct page;

SEC("fexit/tcp_sendmsg")
int BPF_PROG(sock_fexit_tcp_send, struct sock *sk, struct msghdr *msg, unsigned long size, int ret)
{
	return trusted__transfer(sk, ret, 0, SPANWIRE_TRANSMIT);
}

SEC("fexit/tcp_recvmsg")
int BPF_PROG(sock_fexit_tcp_recv, struct sock *sk, struct msghdr *msg, unsigned long len, int flags)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret); /* Linux 7 has no addr_len before it */
	return trusted__transfer(sk, ret, flags, SPANWIRE_RECEIVE);
}

/* sendfile and splice, until Linux 6.4 */
SEC("fexit/tcp_sendpage")
int BPF_PROG(sock_fexit_tcp_sendpage, struct sock *sk, struct page *page, int offset,
	     unsigned long size, int flags, int ret)
{
	return trusted__transfer(sk, ret, 0, SPANWIRE_TRANSMIT);
}

SEC("fexit/unix_stream_sendmsg")
int BPF_PROG(sock_fexit_unix_send, struct socket *socket, struct msghdr *msg, unsigned long len,
	     int ret)
{
	return trusted__transfer(socket->sk, ret, 0, SPANWIRE_TRANSMIT);
}

SEC("fexit/unix_stream_sendpage")
int BPF_PROG(sock_fexit_unix_sendpage, struct socket *socket, struct page *page, int offset,
	     unsigned long size, int flags, int ret)
{
	return trusted__transfer(socket->sk, ret, 0, SPANWIRE_TRANSMIT);
}

SEC("fexit/unix_stream_recvmsg")
int BPF_PROG(sock_fexit_unix_recv, struct socket *socket, struct msghdr *msg, unsigned long size,
	     int flags, int ret)
{
	return trusted__transfer(socket->sk, ret, flags, SPANWIRE_RECEIVE);
}

SEC("fexit/udp_sendmsg")
int BPF_PROG(sock_fexit_udp_send, struct sock *sk, struct msghdr *msg, unsigned long len, int ret)
{
	return trusted__transfer(sk, ret, 0, SPANWIRE_TRANSMIT);
}

SEC("fexit/udp_recvmsg")
int BPF_PROG(sock_fexit_udp_recv, struct sock *sk, struct msghdr *msg, unsigned long len, int flags)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret); /* Linux 7 has no addr_len before it */
	return trusted__transfer(sk, ret, flags, SPANWIRE_RECEIVE);
}

SEC("fexit/udpv6_sendmsg")
int BPF_PROG(sock_fexit_udpv6_send, struct sock *sk, struct msghdr *msg, unsigned long len, int ret)
{
	return trusted__transfer(sk, ret, 0, SPANWIRE_TRANSMIT);
}

SEC("fexit/udpv6_recvmsg")
int BPF_PROG(sock_fexit_udpv6_recv, struct sock *sk, struct msghdr *msg, unsigned long len,
	     int flags)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret); /* Linux 7 has no addr_len before it */
	return trusted__transfer(sk, ret, flags, SPANWIRE_RECEIVE);
}
