"""Who answers calls, and as whom they are made: clients for a target, and what of AWS's refusals is waited out."""
