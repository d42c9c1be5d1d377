using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansCache.Cluster;

namespace OrleansCache.Decorators;

/// <summary>Interfaces in whole processes: of clients, and of a silo that serves itself.</summary>
public sealed class InterfaceHostTests
{
    private const string Partner = "OrleansCache:Integrations:partner";

    [Fact]
    public async Task What_one_process_saved_another_no_longer_has_cached()
    {
        await using var silos = await Silos.StartAsync(1, ("OrleansCache:Integrations:simi:RateLimit:PerSecond", "100"));
        var log = new PatientLog();
        var (one, two) = (await PatientsAsync(silos, log), await PatientsAsync(silos, log));

        Assert.Equal(await one.GetPatientAsync("7"), await two.GetPatientAsync("7"));
        Assert.Equal(await one.GetHtmlAsync("7"), await two.GetHtmlAsync("7"));
        await two.SaveAsync(new("7", "Ada"));
        await two.RenderAsync("7", 1, false, "me");

        Assert.Equal("name 4", (await one.GetPatientAsync("7"))!.Name);
        Assert.Equal("7/1/False/5", await one.GetHtmlAsync("7"));
        Assert.Equal(["patient 7", "html 7 1 False", "save 7", "patient 7", "html 7 1 False"], log.Seen);
    }

    [Fact]
    public async Task An_absent_patient_is_asked_for_once()
    {
        await using var silos = await Silos.StartAsync(1);
        var log = new PatientLog();
        var (one, two) = (await PatientsAsync(silos, log), await PatientsAsync(silos, log));

        Assert.Null(await one.GetPatientAsync("none"));
        Assert.Null(await two.GetPatientAsync("none"));

        Assert.Single(log.Seen);
    }

    [Fact]
    public async Task A_silos_own_interface_takes_its_methods_from_the_section_that_has_the_limit()
    {
        var log = new PatientLog();
        await using var silos = await Silos.StartAsync(
            1, builder => Add(builder, log), ($"{Partner}:RateLimit:PerMinute", "3"), ($"{Partner}:RateLimit:OnMiss", "Refuse"), ($"{Partner}:Methods:GetPatient:Limiter", "partner"));
        var patients = silos.Services.GetRequiredService<IPatients>();

        for (var i = 0; i < 5; i++)
            await Record.ExceptionAsync(() => patients.GetPatientAsync($"{i}"));

        await Assert.ThrowsAsync<IntegrationException>(() => patients.GetPatientAsync("other"));
        Assert.InRange(log.Count, 0, 3);
    }

    [Fact]
    public async Task A_limit_that_a_client_cannot_keep_is_refused_at_its_start()
    {
        await using var silos = await Silos.StartAsync(1);

        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => silos.ConnectAsync(builder => Add(builder, new()), ($"{Partner}:RateLimit:PerSecond", "1")));

        Assert.Contains($"{Partner}:RateLimit is not a setting of an interface in this process: set it at the silo", e.Message, StringComparison.Ordinal);
    }

    private static async Task<IPatients> PatientsAsync(Silos silos, PatientLog log) =>
        (await silos.ConnectAsync(builder => Add(builder, log))).Services.GetRequiredService<IPatients>();

    private static void Add(HostApplicationBuilder builder, PatientLog log)
    {
        builder.Services.AddSingleton(log);
        builder.Services.AddIntegration<IPatients, Patients>("partner", o =>
        {
            o.Strategies["pages"] = CacheStrategy.Ttl(TimeSpan.FromSeconds(10));
            o.Keys["Count"] = static arguments => ((Search)arguments["search"]!).User;
        });
    }
}
