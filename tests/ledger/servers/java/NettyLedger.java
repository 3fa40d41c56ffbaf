// SPDX-License-Identifier: Apache-2.0

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.pool.AbstractChannelPoolHandler;
import io.netty.channel.pool.ChannelPool;
import io.netty.channel.pool.SimpleChannelPool;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * java NettyLedger PORT UPSTREAM: a Netty server whose requests ask upstream over a pool; a
 * connection of the pool belongs to another event loop than the request as a rule.
 */
public final class NettyLedger {
  private static final int BODY_BYTES = 65536;
  private static final AttributeKey<Consumer<ByteBuf>> WAITER = AttributeKey.valueOf("waiter");

  private final ChannelPool pool;

  private NettyLedger(EventLoopGroup loops, int upstream) {
    Bootstrap client =
        new Bootstrap().group(loops).channel(NioSocketChannel.class)
            .remoteAddress("127.0.0.1", upstream);
    pool = new SimpleChannelPool(client, new AbstractChannelPoolHandler() {
      @Override
      public void channelCreated(Channel channel) {
        channel.pipeline().addLast(
            new HttpClientCodec(), new HttpObjectAggregator(BODY_BYTES), new Answers());
      }
    });
  }

  public static void main(String[] args) throws InterruptedException {
    EventLoopGroup loops = new NioEventLoopGroup(4);
    NettyLedger ledger = new NettyLedger(loops, Integer.parseInt(args[1]));
    new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, 1024)
        .childHandler(new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(
                new HttpServerCodec(), new HttpObjectAggregator(BODY_BYTES), ledger.new Requests());
          }
        })
        .bind("127.0.0.1", Integer.parseInt(args[0])).sync();
  }

  private void ask(String path, Consumer<ByteBuf> waiter) {
    pool.acquire().addListener((Future<Channel> future) -> {
      Channel channel = future.getNow();
      channel.attr(WAITER).set(waiter);
      FullHttpRequest call =
          new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, path);
      call.headers().set(HttpHeaderNames.HOST, "127.0.0.1");
      channel.writeAndFlush(call);
    });
  }

  /** Upstream's answers: the connection goes back to the pool, the body to who waits for it. */
  private final class Answers extends SimpleChannelInboundHandler<FullHttpResponse> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpResponse answer) {
      Consumer<ByteBuf> waiter = context.channel().attr(WAITER).getAndSet(null);
      pool.release(context.channel());
      waiter.accept(answer.content().retain());
    }
  }

  private final class Requests extends SimpleChannelInboundHandler<FullHttpRequest> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
      ask(request.uri(), body -> {
        FullHttpResponse answer =
            new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
        answer.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        context.writeAndFlush(answer);
      });
    }
  }
}
