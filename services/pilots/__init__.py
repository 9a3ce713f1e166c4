"""Pilot projects (资本市场金融科技创新试点): from application to exit, under the rulebook of their region."""
