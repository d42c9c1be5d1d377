using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace OrleansCache;

/// <summary>The official dashboard, which looks at its silo whether or not somebody looks at it.</summary>
internal static class EngineDashboard
{
    /// <summary>Between two looks.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(5);

    public static void AddTo(ISiloBuilder silo)
    {
        silo.AddDashboard(static dashboard => (dashboard.HideTrace, dashboard.CounterUpdateIntervalMs) = (true, (int)Pace.TotalMilliseconds));
        silo.Configure<StatelessWorkerOptions>(static workers => workers.IdleWorkersInspectionPeriod = Pace);       // it keeps one

        // It reads all of Orleans' meters each second, a fifth of what an idle silo costs, and has no option for that.
        if (silo.Services.FirstOrDefault(static service => service.ServiceType.FullName == "Orleans.Dashboard.DashboardHost")?.ServiceType is not { } host)
            return;
        silo.Services.Replace(ServiceDescriptor.Singleton(host, provider =>
        {
            var made = ActivatorUtilities.CreateInstance(provider, host);
            SetPaceOfMeters(made, (int)Pace.TotalMilliseconds);
            return made;
        }));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_ExportIntervalMilliseconds")]
    private static extern void SetPaceOfMeters([UnsafeAccessorType("Orleans.Dashboard.DashboardHost, Orleans.Dashboard")] object host, int milliseconds);
}
