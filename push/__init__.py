"""When and what to tell the applicant."""
