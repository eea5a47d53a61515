"""Evaluation: several ways over one data set, in one run that can be stopped and resumed."""
