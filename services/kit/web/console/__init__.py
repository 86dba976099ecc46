"""The operator's console (trang vận hành): what runs, what waits, what is stuck, and what can be done about it by hand.

The same in every service, over its own data only; services add pages and lights of their own.
"""
