"""Who is who (机构): institutions, people, API tokens, roles by region, submitter keys, and who may do what.

The registry contract on the supervision chain decides what an institution is; this context asks it (commands) and
follows it (projections). Tokens say who speaks to this service, nothing more: no token acts in the name of an
authority key.
"""
