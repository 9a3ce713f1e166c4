"""Calendars (工作日历): which days are working days (工作日), which trading days (交易日)."""
