"""Corrections of moto: calls that it answers differently from AWS, one module for each."""
