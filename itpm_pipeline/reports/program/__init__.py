"""The program report: what a program manager wants to know of one program, on one page."""
