"""Engines that live in the tests, to show what it takes to add one."""
