// SPDX-License-Identifier: Apache-2.0
// As client.py, with JDBC: `extended` (prepared by name from the second run on), `simple`.
import java.nio.file.*;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.regex.*;

public class SqlClient {
  static final Pattern LINE =
      Pattern.compile("\\{\"id\": \"([^\"]*)\", \"sql\": \"(.*)\", \"code\".*");
  static final Queue<String> LOG = new ConcurrentLinkedQueue<>();

  static void run(String url, List<String[]> work) throws Exception {
    try (Connection connection = DriverManager.getConnection(url, "postgres", "")) {
      for (String[] statement : work) {
        long start = System.nanoTime();
        String code = "";
        try (PreparedStatement prepared = connection.prepareStatement(statement[1])) {
          prepared.execute();
        } catch (SQLException error) {
          code = error.getSQLState();
        }
        LOG.add(String.format("{\"id\":\"%s\",\"start_ns\":%d,\"end_ns\":%d,\"code\":\"%s\"}",
            statement[0], start, System.nanoTime(), code));
      }
    }
  }

  public static void main(String[] a) throws Exception {
    int count = Integer.parseInt(a[3]);
    String options = a[0].equals("simple") ? "preferQueryMode=simple" : "prepareThreshold=-1";
    String url = "jdbc:postgresql://" + a[1] + ":" + a[2] + "/postgres?" + options;
    List<List<String[]>> shares = new ArrayList<>();
    for (int i = 0; i < count; i++) shares.add(new ArrayList<>());
    int number = 0;
    for (String line : Files.readAllLines(Path.of(a[4]))) {
      Matcher match = LINE.matcher(line);
      if (!match.matches()) throw new IllegalArgumentException(line);
      shares.get(number++ % count).add(
          new String[] {match.group(1), match.group(2).replace("\\\"", "\"")});
    }
    ExecutorService pool = Executors.newFixedThreadPool(count);
    List<Future<?>> runs = new ArrayList<>();
    for (List<String[]> share : shares) {
      runs.add(pool.submit(() -> { run(url, share); return null; }));
    }
    for (Future<?> run : runs) run.get();
    pool.shutdown();
    Files.write(Path.of(a[5]), LOG);
  }
}
