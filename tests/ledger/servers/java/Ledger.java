// SPDX-License-Identifier: Apache-2.0

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The JDK's own HTTP server; each request asks upstream with the same path.
 *
 * <p>java Ledger VERB PORT UPSTREAM, where VERB says who asks: "pool" the thread of the request,
 * "executor" a thread of a second pool, "httpclient" that thread with java.net.http, whose
 * selector thread does the I/O, "virtual" a virtual thread per request (Java 21).
 */
public final class Ledger {
  private static final int THREADS = 16;

  private Ledger() {}

  public static void main(String[] args) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[1])), 1024);
    server.createContext("/r/", handler(args[0], "http://127.0.0.1:" + args[2]));
    server.setExecutor(args[0].equals("virtual") ? virtualThreads() : threads());
    server.start();
  }

  private static HttpHandler handler(String verb, String upstream) {
    if (verb.equals("pool") || verb.equals("virtual")) {
      return exchange -> answer(exchange, blocking(upstream + exchange.getRequestURI()));
    }
    ExecutorService second = threads();
    if (verb.equals("executor")) {
      return exchange ->
          second.execute(() -> carefully(exchange, () ->
              blocking(upstream + exchange.getRequestURI())));
    }
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    return exchange ->
        second.execute(() -> carefully(exchange, () ->
            client.send(HttpRequest.newBuilder(
                URI.create(upstream + exchange.getRequestURI())).build(),
                HttpResponse.BodyHandlers.ofByteArray()).body()));
  }

  private static ExecutorService threads() {
    return Executors.newFixedThreadPool(THREADS);
  }

  /** Java 21 has it; this source also compiles with 17. */
  private static ExecutorService virtualThreads() throws ReflectiveOperationException {
    return (ExecutorService)
        Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  private static byte[] blocking(String url) throws IOException {
    HttpURLConnection call = (HttpURLConnection) URI.create(url).toURL().openConnection();
    try (InputStream body = call.getInputStream()) {
      return body.readAllBytes();
    }
  }

  private interface Fetch {
    byte[] get() throws IOException, InterruptedException;
  }

  private static void carefully(HttpExchange exchange, Fetch fetch) {
    try {
      answer(exchange, fetch.get());
    } catch (IOException | InterruptedException error) {
      exchange.close();
    }
  }

  private static void answer(HttpExchange exchange, byte[] body) throws IOException {
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
