"""What the street is measured by: indices, ledger, reports, stars, grid logs; all from the logs of cases."""
