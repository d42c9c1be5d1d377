namespace OrleansCache.Silo.Tests;

/// <summary>The page in a real browser.</summary>
public sealed class DashboardTests
{
    private static readonly string? Chromium = ChildProcess.Find("chromium") ?? ChildProcess.Find("chromium-browser") ?? ChildProcess.Find("google-chrome");

    [Fact]
    public async Task The_page_shows_the_numbers_and_explains_a_key()
    {
        Assert.SkipUnless(Chromium is not null, "chromium is not on the PATH; install it to run this test.");
        await using var origin = await PartnerProcess.StartAsync(delayMs: 5);
        await using var silo = await SiloProcess.StartAsync(origin.Port);
        for (var call = 0; call < 10; call++)
            (await silo.GetAsync("partner/country?code=NL")).Dispose();
        using var profile = new TempFolder();

        await using var browser = ChildProcess.Start(Chromium!,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", $"--user-data-dir={profile.FullPath}", "--virtual-time-budget=4000", "--dump-dom",
            $"http://127.0.0.1:{silo.Port}/dashboard?region=shop:1.0:partner:country&key=code%3DNL",
        ]);
        await browser.WaitForExitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        var page = browser.Output;
        Assert.Contains("id=\"saved\">9<", page, StringComparison.Ordinal);
        Assert.Contains(">90<small>%</small>", page.Replace("90.0", "90", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("<td class=\"name\" data-label=\"Name\">partner</td>", page, StringComparison.Ordinal);
        Assert.Contains(" of 50,000 a day", page, StringComparison.Ordinal);
        Assert.Contains("<span class=\"pill good\">fresh</span>", page, StringComparison.Ordinal);
        Assert.Contains("class=\"life\"", page, StringComparison.Ordinal);
    }
}
