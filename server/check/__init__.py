"""What is wrong with a design, and how to say it: findings, rules, reports. Pure."""
