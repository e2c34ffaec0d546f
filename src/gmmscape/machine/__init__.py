"""What this process may use of the machine it runs on."""

from gmmscape.machine.free_memory import free_memory

__all__ = ["free_memory"]
