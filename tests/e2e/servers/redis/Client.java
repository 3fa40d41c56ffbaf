// SPDX-License-Identifier: Apache-2.0
// Commands from Jedis; arguments and log as in client.py, without the mode.
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol;

public class Client {
  static final String SCRIPT = "return redis.error_reply('CUSTOM of ' .. KEYS[1])";
  static String prefix;

  static String[] commandOf(int n) {
    String key = "id:" + prefix + n;
    switch (n % 6) {
      case 0: return new String[] {"SET", key, "value"};
      case 1: return new String[] {"GET", key};
      case 2: return new String[] {"INCR", key};
      case 3: return new String[] {"LPUSH", "text", key};
      case 4: return new String[] {"EVAL", SCRIPT, "1", key};
      default: return new String[] {"HSET", "hash:" + key, "field", "x".repeat(500)};
    }
  }

  static String codeOf(int n) {
    return n % 6 == 3 ? "WRONGTYPE" : n % 6 == 4 ? "CUSTOM" : "";
  }

  static void worker(int port, int requests, int first, int step, int depth) {
    try (Jedis client = new Jedis("127.0.0.1", port)) {
      for (int n = first; n < requests; ) {
        Pipeline pipeline = client.pipelined();
        for (int i = 0; i < depth && n < requests; ++i, n += step) {
          String[] words = commandOf(n);
          String[] rest = java.util.Arrays.copyOfRange(words, 1, words.length);
          pipeline.sendCommand(Protocol.Command.valueOf(words[0]), rest);
        }
        pipeline.sync();
      }
    }
  }

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    int requests = Integer.parseInt(args[1]);
    int concurrency = Integer.parseInt(args[2]);
    int depth = Integer.parseInt(args[3]);
    prefix = args[4];
    List<Thread> threads = new ArrayList<>();
    for (int w = 0; w < concurrency; ++w) {
      int first = w;
      threads.add(new Thread(() -> worker(port, requests, first, concurrency, depth)));
    }
    for (Thread thread : threads) thread.start();
    for (Thread thread : threads) thread.join();
    try (PrintWriter log = new PrintWriter(args[5])) {
      for (int n = 0; n < requests; ++n) {
        log.printf("{\"id\": \"%s%d\", \"command\": \"%s\", \"code\": \"%s\"}%n", prefix, n,
            commandOf(n)[0], codeOf(n));
      }
    }
  }
}
