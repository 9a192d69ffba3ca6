"""The sections of docs/pic2022.md.

Imports point one way: names → tables, hours, sentences → setting; claims, studies, assumptions and figures
know names alone.
"""
