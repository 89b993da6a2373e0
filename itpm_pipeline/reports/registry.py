"""All plots there are. A new subject adds its module's PLOTS here; asset metadata and files follow."""

from itpm_pipeline.reports import dependency_plots, flow_plots, forecast_plots, velocity_plots
from itpm_pipeline.reports.plot import Plot

PLOTS: tuple[Plot, ...] = (*velocity_plots.PLOTS, *flow_plots.PLOTS, *forecast_plots.PLOTS, *dependency_plots.PLOTS)


def plots_of(model: str) -> tuple[Plot, ...]:
    """Plots that are shown with a model."""
    return tuple(plot for plot in PLOTS if plot.model == model)
