# SPDX-License-Identifier: Apache-2.0
"""The scenarios: functions that take a harness.Scene, found by name."""

import importlib

MODULES = ("servers", "proxies", "languages", "wire", "clients", "life", "deaths", "failures",
           "hostile", "losses", "canary", "recording", "terminal", "identity", "backends", "uring",
           "takeover", "postgres", "redis", "redis_tshark", "datagrams")
SCENARIOS = {}


def scenario(function):
    """Registers a scenario under its function's name."""
    if function.__name__ in SCENARIOS:
        raise ValueError(f"two scenarios are called {function.__name__}")
    SCENARIOS[function.__name__] = function
    return function


def load_all() -> dict:
    for module in MODULES:
        importlib.import_module(f"scenarios.{module}")
    return SCENARIOS
