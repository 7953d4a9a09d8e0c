"""Lets `python tests/torture` find the programs and the tests' helpers."""
import os
import sys

TORTURE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(TORTURE)
sys.path[1:1] = [TESTS, os.path.dirname(TESTS)]
import campaign  # noqa: E402

if __name__ == '__main__':
    sys.exit(campaign.main())
