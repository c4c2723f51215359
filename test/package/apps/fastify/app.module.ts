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

/** Counts in a folder. */
@Module({
  imports: [
    SmsModule.forRootAsync({
      useFactory: async () => ({
        twilio: {
          accountSid: process.env.TWILIO_ACCOUNT_SID,
          authToken: process.env.TWILIO_AUTH_TOKEN,
          phoneNumber: process.env.TWILIO_PHONE_NUMBER,
          baseUrl: process.env.TWILIO_BASE_URL,
        },
        storage: { secret: process.env.SMS_SECRET ?? '' },
      }),
    }),
  ],
  controllers: [CodesController],
})
class SignUpModule {}

@Module({ imports: [SignUpModule] })
export class AppModule {}
