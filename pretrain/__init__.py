"""How rs-tiny is made: text distillation, image training, evaluation, export."""
