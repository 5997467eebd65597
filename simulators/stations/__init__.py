"""Simulated stations over real TCP: an air station (HJ 212) and a fire alarm transmitter (GB/T 26875.3)."""
