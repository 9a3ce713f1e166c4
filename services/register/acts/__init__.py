"""Acts of the register (登记事项): what is asked for, who must agree, what became of it, and what the law says."""
