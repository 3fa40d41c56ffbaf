// SPDX-License-Identifier: Apache-2.0

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * An HTTP origin and two HTTP clients of the JDK, for the end-to-end tests.
 *
 * <p>java Origin server PORT | client|urlclient BASE-URL REQUESTS CONCURRENCY ID-PREFIX LOG
 */
public final class Origin {
  private static final byte[] BIG = "y".repeat(5_000_000).getBytes();
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  public static void main(String[] args) throws Exception {
    if (args[0].equals("server")) {
      runServer(Integer.parseInt(args[1]));
    } else {
      runClient(args);
    }
  }

  private static void runServer(int port) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 128);
    server.setExecutor(Executors.newFixedThreadPool(16));
    server.createContext("/", Origin::answer);
    server.start();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String[] parts = exchange.getRequestURI().getPath().split("/");
    long received = exchange.getRequestBody().readAllBytes().length;
    switch (parts[1]) {
      case "status" -> exchange.sendResponseHeaders(Integer.parseInt(parts[2]), -1);
      case "chunked" -> {
        exchange.sendResponseHeaders(200, 0);
        for (int i = 0; i < 3; i++) {
          exchange.getResponseBody().write("c".repeat(1000).getBytes());
          exchange.getResponseBody().flush();
        }
      }
      case "echo" -> send(exchange, (received + " bytes").getBytes());
      case "big" -> send(exchange, BIG);
      default -> send(exchange, "hello from java".getBytes());
    }
    exchange.close();
  }

  private static void send(HttpExchange exchange, byte[] body) throws IOException {
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  private static void runClient(String[] args) throws Exception {
    boolean old = args[0].equals("urlclient");
    int requests = Integer.parseInt(args[2]);
    ExecutorService pool = Executors.newFixedThreadPool(Integer.parseInt(args[3]));
    List<Callable<String>> calls = new ArrayList<>();
    for (int n = 0; n < requests; n++) {
      String id = args[4] + n;
      byte[] body = n % 3 == 0 ? "b".repeat(1 + n % 5000).getBytes() : null;
      String path = (body == null ? "/r/" : "/echo/r/") + id;
      URI uri = URI.create(args[1] + path);
      calls.add(() -> line(id, path, body, old ? askOld(uri, body) : ask(uri, body)));
    }
    try (PrintWriter log = new PrintWriter(args[5])) {
      for (Future<String> future : pool.invokeAll(calls)) {
        log.println(future.get());
      }
    }
    pool.shutdown();
  }

  /** Status and content length of the answer. */
  private static long[] ask(URI uri, byte[] body) throws Exception {
    HttpRequest.Builder builder = HttpRequest.newBuilder(uri);
    if (body != null) {
      builder.POST(HttpRequest.BodyPublishers.ofByteArray(body));
    }
    HttpResponse<byte[]> reply =
        CLIENT.send(builder.build(), HttpResponse.BodyHandlers.ofByteArray());
    return new long[] {reply.statusCode(), reply.body().length};
  }

  private static long[] askOld(URI uri, byte[] body) throws Exception {
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    if (body != null) {
      connection.setDoOutput(true);
      connection.setFixedLengthStreamingMode(body.length);
      connection.getOutputStream().write(body);
    }
    long size = connection.getInputStream().readAllBytes().length;
    return new long[] {connection.getResponseCode(), size};
  }

  private static String line(String id, String path, byte[] body, long[] answer) {
    return String.format(
        "{\"id\":\"%s\",\"method\":\"%s\",\"path\":\"%s\",\"start_ns\":0,\"end_ns\":0,"
            + "\"status\":%d,\"request_body\":%d,\"response_body\":%d,\"ended\":\"answered\"}",
        id, body == null ? "GET" : "POST", path, answer[0], body == null ? 0 : body.length,
        answer[1]);
  }

  private Origin() {}
}
