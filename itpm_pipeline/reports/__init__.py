"""What people look at: charts of the marts, drawn as SVG that needs no script, no network and no browser to make."""
