import { Body, Controller, Module, Post } from '@nestjs/common';
import { SmsModule, SmsService } from '@xiaozhi/sms';

@Controller('codes')
class CodesController {
  constructor(private readonly sms: SmsService) {}

  @Post()
  send(@Body() { phone, code }: { phone: string; code: string }): Promise<object> {
    return this.sms.sendVerificationCodeSms(phone, code);
  }
}

/** Counts in Redis, by the scripts that the package brings. */
@Module({
  imports: [
    SmsModule.forRoot({
      twilio: {
        accountSid: process.env.TWILIO_ACCOUNT_SID,
        authToken: process.env.TWILIO_AUTH_TOKEN,
        phoneNumber: process.env.TWILIO_PHONE_NUMBER,
        baseUrl: process.env.TWILIO_BASE_URL,
      },
      storage: { secret: process.env.SMS_SECRET ?? '', redisUrl: process.env.REDIS_URL },
    }),
  ],
  controllers: [CodesController],
})
export class AppModule {}
