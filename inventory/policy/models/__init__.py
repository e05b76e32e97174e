"""The tables of policy, one file a part; imported from here."""

from inventory.policy.models.blocks import FREEZES, Block, BlockKind
from inventory.policy.models.decisions import Decision, Gate, Mode, Outcome

__all__ = ["FREEZES", "Block", "BlockKind", "Decision", "Gate", "Mode", "Outcome"]
