"""Printed sheets beside other ways to put the same sheet on paper."""
