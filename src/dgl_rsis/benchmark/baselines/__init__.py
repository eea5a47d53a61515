"""Methods of other papers that ours is compared with, written out after their descriptions."""
