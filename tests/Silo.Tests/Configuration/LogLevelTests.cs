using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace OrleansCache.Silo.Tests;

public sealed class LogLevelTests
{
    [Theory]
    [InlineData("OrleansCache.LiveConfiguration", true)]
    [InlineData("OrleansCache.Engine.EngineServer", true)]
    [InlineData("Orleans.Runtime.Silo", false)]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", false)]
    public void The_programs_settings_show_what_the_product_has_to_say(string category, bool shown)
    {
        var settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(SiloFolders.Configuration, "appsettings.json")).Build();
        using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(settings.GetSection("Logging")).AddProvider(new RecordingLoggers()));

        Assert.Equal(shown, loggers.CreateLogger(category).IsEnabled(LogLevel.Information));
    }
}
