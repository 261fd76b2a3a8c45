"""A pytest plugin: graphql-core executes with our compiled executor, and at the end says how often it ran compiled."""

import json
import sys

from gateway.executor.program import Programs

PROGRAMS = Programs()


def pytest_configure(config):
    # The module, not the function of the same name that stands before it in the package.
    module = sys.modules["graphql.execution.execute"]
    module.ExecutionContext = PROGRAMS.context


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line("compiled " + json.dumps(PROGRAMS.counts))
