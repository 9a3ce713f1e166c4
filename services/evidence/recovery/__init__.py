"""Recovery of logs (日志恢复): from a mirror into an older database, and the acts by which operators answer for it."""
