"""Holder lists and encumbrances as operators have them (股东名册导入): checked cell by cell, then carried out once."""
