"""How large a scenario's LP will be, before it is built."""
