#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: what is printed where, and what it exits with.

Usage: cli_test.py PATH_OF_SPANWIRE. Needs root only to become an unprivileged user."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
VERBS = ("tail", "daemon", "record", "replay", "doctor", "version", "help")
NOBODY = 65534
binary = ""


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    """Runs spanwire; its output is no terminal and its environment is bare."""
    options.setdefault("env", {"PATH": "/usr/bin:/bin"})
    return subprocess.run([options.pop("path", binary), *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False, **options)


class Help(unittest.TestCase):
    def check_page(self, *arguments: str) -> list:
        result = run(*arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)
        lines = result.stdout.splitlines()
        self.assertTrue(lines, arguments)
        return lines

    def test_brief_pages_fit_on_a_screen(self):
        for verb in ([], *([v] for v in VERBS)):
            lines = self.check_page(*verb, "-h")
            self.assertLessEqual(len(lines), 24, verb)
            examples = lines[lines.index("examples:") + 1:][:3]
            self.assertEqual(["spanwire" in line for line in examples], [True] * 3, verb)

    def test_full_pages_explain_flags(self):
        for verb in ("tail", "daemon", "record", "replay", "doctor"):
            page = self.check_page("help", verb)
            self.assertEqual(page, self.check_page(verb, "--help"))
            self.assertTrue(any(line.startswith("  --") for line in page), verb)

    def test_whole_page_names_every_verb(self):
        page = "\n".join(self.check_page("--help"))
        self.assertEqual(page, "\n".join(self.check_page("help")))
        for verb in VERBS:
            self.assertIn(f"  {verb}", page)

    def test_version_is_the_projects(self):
        declared = re.search(r"project\(spanwire VERSION ([\d.]+)",
                             (TOP / "CMakeLists.txt").read_text())[1]
        for arguments in (["version"], ["--version"]):
            self.assertIn(f"spanwire {declared}", self.check_page(*arguments)[0])


class Usage(unittest.TestCase):
    def check_wrong(self, *arguments: str, says: str, **options):
        result = run(*arguments, **options)
        self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
        self.assertIn(says, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_did_you_mean(self):
        self.check_wrong("tial", says="did you mean tail?")
        self.check_wrong("help", "rceord", says="did you mean record?")
        self.check_wrong("tail", "--prot", "80", says="did you mean --port?")
        self.check_wrong("daemon", "--otlp-endpont=x", says="did you mean --otlp-endpoint?")

    def test_flags_belong_to_verbs(self):
        self.check_wrong("daemon", "--limit", "3", says="it is for tail")
        self.check_wrong("version", "--port", "3", says="it is for tail, daemon and record")

    def test_wrong_values(self):
        self.check_wrong("tail", "--port", "http", says='--port: "http"')
        self.check_wrong("tail", "--port", says="needs a value")
        self.check_wrong("daemon", "--ring-size", "5000", says="power of two")
        self.check_wrong("tail", "-o", "xml", says="text, json")
        self.check_wrong("daemon", "--request-timeout", "30", says="30")

    def test_what_is_missing(self):
        self.check_wrong(says="name a verb")
        self.check_wrong("record", says="-o FILE")
        self.check_wrong("replay", says="replay FILE")
        self.check_wrong("daemon", "extra", says='"extra"')

    def test_environment_is_blamed_by_name(self):
        self.check_wrong("tail", says="SPANWIRE_PORT: ",
                         env={"SPANWIRE_PORT": "x", "PATH": "/usr/bin:/bin"})


class Replay(unittest.TestCase):
    def test_a_missing_recording_is_named(self):
        result = run("replay", "/absent/recording")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("/absent/recording", result.stderr)

    def test_a_file_that_is_no_recording_is_refused(self):
        result = run("replay", __file__)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("cli_test.py", result.stderr)


class Doctor(unittest.TestCase):
    def test_text_and_json_agree(self):
        text, report = run("doctor"), run("doctor", "-o", "json")
        self.assertEqual(text.returncode, report.returncode, text.stdout)
        parsed = json.loads(report.stdout)
        self.assertEqual(parsed["schema"], "spanwire.doctor/1")
        for check in parsed["checks"]:
            self.assertIn(check["status"], ("pass", "warn", "fail"))
            self.assertRegex(text.stdout, rf"(?m)^(PASS|WARN|FAIL)  {re.escape(check['name'])} ")
            if check["status"] == "fail":
                self.assertTrue(check["fix"], check)
        failed = any(check["status"] == "fail" for check in parsed["checks"])
        self.assertEqual(report.returncode, 1 if failed else 0)
        self.assertNotIn("\x1b", text.stdout)

    def test_colour_when_asked(self):
        self.assertIn("\x1b[", run("doctor", "--color", "always").stdout)


class Unprivileged(unittest.TestCase):
    """As a user without capabilities, from a folder that such a user can read."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        pathlib.Path(self.folder.name).chmod(0o755)
        self.copy = shutil.copy(binary, self.folder.name)

    def run_as_nobody(self, *arguments: str) -> subprocess.CompletedProcess:
        return run(*arguments, path=self.copy, cwd="/", user=NOBODY, group=NOBODY,
                   extra_groups=[])

    def test_tracing_says_what_is_missing(self):
        result = self.run_as_nobody("tail", "--for", "1s")
        self.assertEqual((result.returncode, result.stdout), (3, ""), result.stderr)
        self.assertIn("CAP_BPF", result.stderr)

    def test_a_daemon_is_not_to_be_restarted(self):
        result = self.run_as_nobody("daemon", "--otlp-file", "/dev/null", "--for", "1s")
        self.assertEqual((result.returncode, result.stdout), (77, ""), result.stderr)
        self.assertIn("CAP_BPF", result.stderr)

    def test_doctor_fails_and_names_the_fix(self):
        result = self.run_as_nobody("doctor")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"(?m)^FAIL  ")
        self.assertIn("CAP_BPF", result.stdout)


if __name__ == "__main__":
    binary = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
