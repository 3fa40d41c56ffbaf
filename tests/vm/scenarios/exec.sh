# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs the command that exec.py was given, which is in the image.
sh /command.sh >/out/output 2>&1
echo $? >/out/status
