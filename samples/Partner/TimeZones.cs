using System.Globalization;

namespace OrleansCache.Samples;

internal sealed record Zone(
    string Id,
    string? WindowsId,
    string DisplayName,
    string StandardName,
    string DaylightName,
    string BaseUtcOffset,
    bool SupportsDaylightSaving,
    bool IsDaylightSaving,
    string UtcOffset);

/// <summary>The system's time zones, by IANA id; offsets as <c>+01:00</c>.</summary>
internal sealed class TimeZones(TimeProvider time)
{
    public Zone? Find(string id)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone))
            return null;

        var now = time.GetUtcNow();
        return new(
            zone.Id,
            TimeZoneInfo.TryConvertIanaIdToWindowsId(zone.Id, out var windowsId) ? windowsId : null,
            zone.DisplayName,
            zone.StandardName,
            zone.DaylightName,
            Offset(zone.BaseUtcOffset),
            zone.SupportsDaylightSavingTime,
            zone.IsDaylightSavingTime(now),
            Offset(zone.GetUtcOffset(now)));
    }

    private static string Offset(TimeSpan offset) =>
        (offset < TimeSpan.Zero ? "-" : "+") + offset.ToString(@"hh\:mm", CultureInfo.InvariantCulture);
}
