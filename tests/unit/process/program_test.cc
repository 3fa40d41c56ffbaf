// SPDX-License-Identifier: Apache-2.0
#include "agent/process/program.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spanwire::process {
namespace {

struct ProgramCase {
  std::string executable;
  std::vector<std::string> arguments;
  std::string name;
};

void Check(const std::vector<ProgramCase>& cases) {
  for (const auto& c : cases) {
    std::string line;
    for (const auto& argument : c.arguments) line += argument + ' ';
    EXPECT_EQ(ProgramName(c.executable, c.arguments), c.name) << line;
  }
}

TEST(ProgramName, Java) {
  Check({{"java",
          {"java", "-Xmx1g", "-cp", "a.jar:b.jar", "com.acme.Shop", "--port", "1"},
          "com.acme.Shop"},
         {"java", {"java", "-jar", "/srv/shop-1.2.3-SNAPSHOT.jar", "x"}, "shop"},
         {"java", {"java", "-jar", "kafka_2.13-proxy.jar"}, "kafka_2.13-proxy"},
         {"java", {"java", "--module-path", "m", "-m", "shop/com.acme.Main"}, "shop"},
         {"java", {"java", "--add-opens=a/b=c", "@args", "Main"}, "Main"},
         {"java", {"java", "-version"}, ""},
         {"java", {"java", "-jar"}, ""}});
}

TEST(ProgramName, Python) {
  Check({{"python3.11", {"python3", "-u", "/srv/shop/api.py"}, "api"},
         {"python3", {"python3", "-m", "http.server", "80"}, "http.server"},
         {"python3", {"python3", "-X", "dev", "-W", "error", "worker.py"}, "worker"},
         {"python3", {"/venv/bin/python", "/venv/bin/gunicorn", "-w", "4", "shop:app"}, "gunicorn"},
         {"python3", {"python3", "/srv/shop/__main__.py"}, "shop"},
         {"python3", {"python3", "/srv/shop/src/main.py"}, "shop"},
         {"python3", {"python3", "main.py"}, "main"},
         {"python3", {"python3", "-c", "import os", "x.py"}, ""},
         {"python3", {"python3"}, ""},
         {"python3", {"gunicorn: master [shop:app]"}, "gunicorn"}});
}

TEST(ProgramName, Node) {
  Check({{"node", {"node", "--max-old-space-size=1", "server.js"}, "server"},
         {"node", {"node", "-r", "./tracing.js", "/srv/shop/dist/index.js"}, "shop"},
         {"nodejs", {"nodejs", "/srv/shop/index.mjs"}, "shop"},
         {"node", {"node", "/srv/shop/"}, "shop"},
         {"node", {"node", "."}, ""},
         {"node", {"node", "/app/node_modules/.bin/next", "start"}, "next"},
         {"node", {"node", "-e", "1", "x.js"}, ""},
         {"bun", {"bun", "run", "api.ts"}, "api"},
         {"deno", {"deno", "run", "--allow-net", "api.ts"}, "api"}});
}

TEST(ProgramName, TheOthers) {
  Check({{"ruby3.1", {"ruby", "-I", "lib", "bin/rails", "server"}, "rails"},
         {"ruby", {"puma 5.6.4 (tcp://0.0.0.0:3000) [shop]"}, "puma"},
         {"php8.2", {"php", "-d", "x=1", "artisan", "serve"}, "artisan"},
         {"php", {"php", "-S", "0:80", "router.php"}, "router"},
         {"perl", {"perl", "-w", "/usr/bin/starman"}, "starman"},
         {"dotnet", {"dotnet", "/srv/Shop.dll"}, "Shop"}});
}

TEST(ProgramName, NoInterpreter) {
  Check({{"nginx", {"nginx: worker process"}, ""},
         {"node_exporter", {"node_exporter", "x.js"}, ""},
         {"", {}, ""},
         {"python3", {}, ""}});
}

TEST(ProgramName, TitlesMustBePlain) {
  Check({{"python3", {"/srv/a b/python3 x", "api.py"}, "api"},
         {"python3", {"python3 api", "api.py"}, "api"},
         {"python3", {": x", "api.py"}, "api"},
         {"python3", {std::string(100, 'x') + ": y", "api.py"}, "api"}});
}

TEST(ProgramName, IsCleanAndBounded) {
  EXPECT_EQ(ProgramName("python3", std::vector<std::string>{"python3", "/a/\x1b\xff.py"}),
            "\uFFFD\uFFFD");
  const std::vector<std::string> wordy{"python3", std::string(4000, 'x')};
  EXPECT_EQ(ProgramName("python3", wordy).size(), 255);
}

}  // namespace
}  // namespace spanwire::process
